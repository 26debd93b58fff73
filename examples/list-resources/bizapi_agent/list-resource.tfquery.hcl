# terraform query                                  lists the agents
# terraform query -generate-config-out=agents.tf   writes the blocks that import them all
list "bizapi_agent" "account" {
  provider = bizapi

  # Terraform stops at 100 unless a limit is given: choose one above the number of agents.
  limit = 10000
}
