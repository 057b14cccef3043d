//! Whole files through the room.
