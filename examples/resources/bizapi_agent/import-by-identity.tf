import {
  to = bizapi_agent.support
  identity = {
    user_id  = "usr_abc123"
    agent_id = "agt_xyz789"
  }
}
