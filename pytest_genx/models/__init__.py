"""Models by name: well-known ones, the cache they are kept in, and how they get there."""
