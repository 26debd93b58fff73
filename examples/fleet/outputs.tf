output "ids" {
  description = "The API's id of each number, by the number's name: what an agent is bound to."
  value       = { for name, number in bizapi_phone_number.this : name => number.id }
}

output "ids_by_user" {
  description = "The same ids by user and then by name, for modules that work on one user."
  value = {
    for user in distinct([for number in bizapi_phone_number.this : number.user_id]) :
    user => { for name, number in bizapi_phone_number.this : name => number.id if number.user_id == user }
  }
}

output "numbers" {
  description = "What is known of each number, by its name, without its token."
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
