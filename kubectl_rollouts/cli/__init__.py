"""What a person types: the command tree, its flags, completion and exit statuses."""
