// Copyright (c) The terraform-provider-bizapi authors
// SPDX-License-Identifier: MPL-2.0

package bizapi

// changes are this process's own adds and deletes. They are laid over every listing, since lists may
// lag behind either.
type changes[R row] struct {
	added   map[string]R    // by both keys
	deleted map[string]bool // by both keys
}

// add notes a row that this process added. It reports false where another add got that row.
func (c *changes[R]) add(row R) bool {
	if _, isTaken := c.added[idKey(row.id())]; isTaken {
		return false
	}
	c.put(row)
	return true
}

// put notes a row as it is now.
func (c *changes[R]) put(row R) { c.added[idKey(row.id())], c.added[row.key()] = row, row }

// allow makes listings of an id count again, because an add of that id is about to be sent.
func (c *changes[R]) allow(row R) { delete(c.deleted, idKey(row.id())) }

// delete notes a row that this process deleted: a stale one in a listing is not believed.
func (c *changes[R]) delete(row R) {
	c.forget(row)
	c.deleted[idKey(row.id())], c.deleted[row.key()] = true, true
}

// forget leaves it to a listing whether a row that this process added exists.
func (c *changes[R]) forget(row R) {
	delete(c.added, idKey(row.id()))
	delete(c.added, row.key())
}

func (c *changes[R]) isDeleted(row R) bool { return c.deleted[idKey(row.id())] }

// over returns the rows of a listing with the changes laid over it, in any order.
func (c *changes[R]) over(l *listing[R]) []R {
	rows := make([]R, 0, len(l.rows))
	for _, row := range l.rows {
		if current, ok := c.added[idKey(row.id())]; ok {
			row = current
		}
		if !c.isDeleted(row) {
			rows = append(rows, row)
		}
	}
	for key, row := range c.added {
		if key == idKey(row.id()) && !l.has(key) {
			rows = append(rows, row)
		}
	}
	return rows
}
