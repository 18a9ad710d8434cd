// Command porcupine says whether a history of a key-value store is linearizable.
//
// It reads JSON, one operation a line, as tests/robustness writes it: a conditional transaction over the keys of one group.
// Groups share no key, so each is checked by itself. Whether a write of which nobody was told was done is settled before, by
// what watchers saw; an operation without an answer here is one that may be done at any time after its call.
//
// It prints "linearizable", or the group that is not, and with -view=FILE writes a page that shows where. Exit status 1: not
// linearizable; 2: it cannot be said, in time or at all.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
)

// Operation is a line of the history. Times are nanoseconds of one clock. A null value is a key that is not there.
type Operation struct {
	Client int                `json:"client"`
	Group  string             `json:"group"`
	Call   int64              `json:"call"`
	Return *int64             `json:"return"`
	If     map[string]*string `json:"if"`
	Then   map[string]*string `json:"then"`
	// Succeeded is whether the conditions held; null is not known.
	Succeeded *bool `json:"succeeded"`
	// Found is what was read after the writes.
	Found map[string]*string `json:"found"`
}

// state is what a group's keys are, of those that are there.
type state = map[string]string

func same(at state, key string, expected *string) bool {
	value, there := at[key]
	if expected == nil {
		return !there
	}
	return there && value == *expected
}

func step(at, input, _ any) (bool, any) {
	before, op := at.(state), input.(Operation)
	holds := true
	for key, expected := range op.If {
		holds = holds && same(before, key, expected)
	}
	if op.Succeeded != nil && *op.Succeeded != holds {
		return false, at
	}
	after := before
	if holds && len(op.Then) > 0 {
		after = maps.Clone(before)
		for key, value := range op.Then {
			if value == nil {
				delete(after, key)
			} else {
				after[key] = *value
			}
		}
	}
	for key, found := range op.Found {
		if !same(after, key, found) {
			return false, at
		}
	}
	return true, after
}

func describe(input, _ any) string {
	op := input.(Operation)
	op.Group = ""
	text, err := json.Marshal(op)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func partition(history []porcupine.Operation) [][]porcupine.Operation {
	groups := map[string][]porcupine.Operation{}
	for _, op := range history {
		group := op.Input.(Operation).Group
		groups[group] = append(groups[group], op)
	}
	var parts [][]porcupine.Operation
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		parts = append(parts, groups[name])
	}
	return parts
}

func read(path string) ([]porcupine.Operation, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var history []porcupine.Operation
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var op Operation
		if err := json.Unmarshal(lines.Bytes(), &op); err != nil {
			return nil, fmt.Errorf("operation %d: %w", len(history)+1, err)
		}
		end := int64(math.MaxInt64)
		if op.Return != nil {
			end = *op.Return
		}
		history = append(history, porcupine.Operation{ClientId: op.Client, Input: op, Call: op.Call, Return: end})
	}
	return history, lines.Err()
}

func main() {
	view := flag.String("view", "", "where to write a page that shows a history that is not linearizable")
	limit := flag.Duration("timeout", 5*time.Minute, "longest time for one group")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: porcupine [-view FILE] [-timeout DURATION] HISTORY")
		os.Exit(2)
	}
	history, err := read(flag.Arg(0))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	model := porcupine.Model{
		Init:              func() any { return state{} },
		Step:              step,
		Equal:             func(a, b any) bool { return maps.Equal(a.(state), b.(state)) },
		DescribeOperation: describe,
	}
	for _, part := range partition(history) {
		result, info := porcupine.CheckOperationsVerbose(model, part, *limit)
		group := part[0].Input.(Operation).Group
		switch result {
		case porcupine.Illegal:
			fmt.Printf("group %s is not linearizable (%d operations)\n", group, len(part))
			if *view != "" {
				if err := porcupine.VisualizePath(model, info, *view); err != nil {
					fmt.Fprintln(os.Stderr, err)
				}
			}
			os.Exit(1)
		case porcupine.Unknown:
			fmt.Printf("group %s: not decided within %v (%d operations)\n", group, *limit, len(part))
			os.Exit(2)
		}
	}
	fmt.Printf("linearizable: %d operations\n", len(history))
}
