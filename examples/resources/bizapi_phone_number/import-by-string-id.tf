# terraform plan -generate-config-out=numbers.tf writes the resource that belongs to this block.
# Beside a resource that you wrote, leave the provider line out: the CLI refuses it there.
import {
  to       = bizapi_phone_number.support
  id       = "usr_abc123/pn_abc123"
  provider = bizapi
}
