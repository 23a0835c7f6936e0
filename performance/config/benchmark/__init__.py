"""Measurements that anybody can repeat: each subject seeds a database of its own and leaves nothing behind."""
