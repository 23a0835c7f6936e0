"""The eight steps of the main job, each as people click through it without scripts."""
