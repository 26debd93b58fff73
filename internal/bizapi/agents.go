package bizapi

// Agent is what answers on a number.
type Agent struct{ ID string }

func (a Agent) id() string  { return a.ID }
func (a Agent) key() string { return "" }
