"""Plans before they are stored: draft, preview, presets."""
