// Checks the client history of a chaos run for linearizability with porcupine: go run . HISTORY.ndjson
// Each register is an aggregate; a write is conditional on the revision before it. Prints one line of JSON.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

type line struct {
	Type     string  `json:"type"`
	Op       int     `json:"op"`
	At       float64 `json:"at"`
	Process  string  `json:"process"`
	Register string  `json:"register"`
	What     struct {
		Kind     string `json:"kind"`
		Expected int    `json:"expected"`
		Value    string `json:"value"`
	} `json:"what"`
	Revision int    `json:"revision"`
	Value    string `json:"value"`
}

type input struct {
	register, kind, value string
	expected              int
}

type output struct {
	kind, value string
	revision    int
}

type state struct {
	revision int
	value    string
}

// One that was not answered may have taken effect at any time after it was asked, or never.
func step(from, asked, told interface{}) []interface{} {
	now, in, out := from.(state), asked.(input), told.(output)
	if in.kind == "read" {
		return when(out.revision == now.revision && out.value == now.value, now)
	}
	next := state{in.expected + 1, in.value}
	fits := now.revision == in.expected
	switch out.kind {
	case "ok":
		return when(fits && out.revision == next.revision, next)
	case "fail":
		return when(!fits, now)
	default:
		if fits {
			return []interface{}{now, next}
		}
		return []interface{}{now}
	}
}

func when(possible bool, next state) []interface{} {
	if possible {
		return []interface{}{next}
	}
	return nil
}

func partition(history []porcupine.Operation) [][]porcupine.Operation {
	byRegister := map[string][]porcupine.Operation{}
	for _, operation := range history {
		register := operation.Input.(input).register
		byRegister[register] = append(byRegister[register], operation)
	}
	parts := [][]porcupine.Operation{}
	for _, part := range byRegister {
		parts = append(parts, part)
	}
	return parts
}

func read(path string) ([]porcupine.Operation, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	open := map[int]*porcupine.Operation{}
	order := []int{}
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var one line
		if err := json.Unmarshal(scanner.Bytes(), &one); err != nil {
			return nil, err
		}
		at := int64(one.At * 1e6)
		if one.Type == "invoke" {
			open[one.Op] = &porcupine.Operation{
				Input:  input{one.Register, one.What.Kind, one.What.Value, one.What.Expected},
				Output: output{kind: "unknown"}, Call: at, Return: math.MaxInt64,
			}
			order = append(order, one.Op)
		} else if operation := open[one.Op]; operation != nil && one.Type != "unknown" {
			operation.Output = output{one.Type, one.Value, one.Revision}
			operation.Return = at
		}
	}
	history := []porcupine.Operation{}
	for _, op := range order {
		in, out := open[op].Input.(input), open[op].Output.(output)
		// Reads come from read models, which follow the log: only those that waited for it are told as linearizable, and a read
		// without an answer says nothing.
		if in.kind == "read" && (out.kind != "ok" || !final(in.register, op, order, open)) {
			continue
		}
		history = append(history, *open[op])
	}
	return history, scanner.Err()
}

// The last operation on a register is the read that waited until everything had come to rest.
func final(register string, op int, order []int, open map[int]*porcupine.Operation) bool {
	for index := len(order) - 1; index >= 0; index-- {
		if open[order[index]].Input.(input).register == register {
			return order[index] == op
		}
	}
	return false
}

func main() {
	history, err := read(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	model := porcupine.NondeterministicModel{
		Partition: partition,
		Init:      func() []interface{} { return []interface{}{state{}} },
		Step:      step,
	}
	result := porcupine.CheckOperationsTimeout(model.ToModel(), history, 2*time.Minute)
	text, _ := json.Marshal(map[string]interface{}{"result": string(result), "operations": len(history)})
	fmt.Println(string(text))
}
