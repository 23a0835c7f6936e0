"""Files of goals: sheet → columns → cells → plan → apply. All but `steps` and `apply` are pure."""
