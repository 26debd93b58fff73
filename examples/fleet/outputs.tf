output "ids" {
  description = "The API's id of each number, by the number's name."
  value       = { for name, number in bizapi_phone_number.this : name => number.id }
}

output "ids_by_user" {
  description = "The same ids, by user and then by the number's name, for modules that serve one user."
  value = {
    for user in distinct([for number in bizapi_phone_number.this : number.user_id]) :
    user => { for name, number in bizapi_phone_number.this : name => number.id if number.user_id == user }
  }
}

output "numbers" {
  description = "The attributes of each number except its token, by the number's name."
  value = {
    for name, number in bizapi_phone_number.this : name => {
      id                   = number.id
      user_id              = number.user_id
      platform             = number.platform
      meta_phone_number_id = number.meta_phone_number_id
      display_name         = number.display_name
      created_at           = number.created_at
    }
  }
}

output "agent_ids" {
  description = "The API's id of each agent, by the name of its number."
  value       = { for name, agent in bizapi_agent.this : name => agent.agent_id }
}
