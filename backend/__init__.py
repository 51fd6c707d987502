"""The half of µScope that plans, stores, serves and judges. It never imports torch."""
