"""Start the reading child; `services.reading` does so in a fresh, isolated interpreter."""

from muscope.backend.ingest.child import main

main()
