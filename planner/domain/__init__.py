"""What a plan says: workload, strategies, endpoints, limits and beliefs, as frozen records with YAML in and out."""
