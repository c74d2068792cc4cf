static_domain_name = "static.crates.test"
