static_domain_name = "static.staging.crates.test"
