//! mohr: anonymous reporting to an oversight office. `docs/ARCHITECTURE.md` is the map.
