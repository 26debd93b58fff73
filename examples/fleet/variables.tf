variable "numbers" {
  description = <<-EOT
    The numbers, by a name of your choice such as "sales". The name becomes part of the resource's
    address: choose one that will not change.

    user_id              the user that the number belongs to
    platform             whatsapp, instagram or webchat
    meta_phone_number_id Meta's id, in quotes
    display_name         the human-readable name; if omitted, the API's current name is kept
    token_version        the version of the token in access_tokens, 1 at first. Incrementing it
                         replaces the number. If omitted, the number is kept without a token,
                         which is enough for an imported one
    deletion_protection  refuses to delete or replace the number; true by default
    agent                the agent that answers on the number: its name, and the id of its prompt
  EOT

  type = map(object({
    user_id              = string
    platform             = string
    meta_phone_number_id = string
    display_name         = optional(string)
    token_version        = optional(number)
    deletion_protection  = optional(bool, true)
    agent                = optional(object({ name = string, prompt_id = string }))
  }))
  nullable = false

  # The API accepts each number once, and a plan would not notice the second one before the apply.
  validation {
    condition = length(var.numbers) == length(distinct([
      for number in var.numbers : "${number.platform}/${number.meta_phone_number_id}"
    ]))
    error_message = "Two names have the same platform and meta_phone_number_id."
  }
}

# Ephemeral: the values reach neither the state nor a saved plan. Set it in the environment, as JSON:
# TF_VAR_access_tokens='{"sales":"EAAxxxx..."}'.
variable "access_tokens" {
  description = "Meta's access tokens, by the names of the numbers. Tokens of numbers without a token_version are ignored."
  type        = map(string)
  default     = {}
  nullable    = false
  ephemeral   = true
  sensitive   = true
}
