"""What people and programs see while a run goes on."""
