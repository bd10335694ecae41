"""What people do about rewrites: edit, import, export, try."""
