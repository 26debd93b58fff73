# All agents of the provider's user, whoever created them.
data "bizapi_agents" "all" {}

# The agent of one number: a list of one or none.
data "bizapi_agents" "sales" {
  phone_number_id = data.bizapi_phone_number.sales.id
}

data "bizapi_phone_number" "sales" {
  platform             = "whatsapp"
  meta_phone_number_id = "836990829491415"
}

output "prompt_by_number" {
  description = "The prompt that answers on each number, by the number's id."
  value       = { for id, agent in data.bizapi_agents.all.by_phone_number_id : id => agent.prompt_id }
}

output "sales_agent" {
  description = "Name of the agent on the sales number; null if nobody answers there."
  value       = one(data.bizapi_agents.sales.agents[*].name)
}
