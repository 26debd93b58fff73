import {
  to = bizapi_agent.support
  id = "usr_abc123/agt_xyz789"
}
