"""Files of people: sheet → columns → cells → plan → apply. All but `steps` and `apply` are pure."""
