// Drivers for the Go clients: `driver LIBRARY COMMAND ...`, commands as in ../README.md.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// A library answers the three commands.
type library interface {
	produce(bootstrap, topic, codec string, idempotent bool, records []record) error
	member(bootstrap, topic, group string, commands <-chan string) error
	// seek calls say for count records; it returns false when no record is that late.
	seek(bootstrap, topic string, partition int32, timeMs int64, count int) (bool, error)
}

var libraries = map[string]library{
	"franz-go":           franzGo{},
	"sarama":             saramaGo{},
	"kafka-go":           kafkaGo{},
	"confluent-kafka-go": confluentGo{},
}

// A record as the lines carry it; encoding/json writes []byte as base64 and nil as null.
type record struct {
	Partition int32    `json:"partition"`
	Offset    int64    `json:"offset"`
	Key       []byte   `json:"key"`
	Value     []byte   `json:"value"`
	Headers   []header `json:"headers"`
	Timestamp int64    `json:"timestamp"`
}

type header struct {
	name  string
	value []byte
}

func (h header) MarshalJSON() ([]byte, error) { return json.Marshal([]any{h.name, h.value}) }

func (h *header) UnmarshalJSON(data []byte) error {
	return json.Unmarshal(data, &[]any{&h.name, &h.value})
}

var output sync.Mutex

func say(line any) {
	text, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	output.Lock()
	defer output.Unlock()
	os.Stdout.Write(append(text, '\n'))
}

func sayRecord(r record) {
	if r.Headers == nil {
		r.Headers = []header{}
	}
	say(r)
}

func sayCommitted() { say(map[string]bool{"committed": true}) }

// A set of partitions that says when it changes.
type owned struct {
	mutex      sync.Mutex
	partitions map[int32]bool
}

func newOwned() *owned { return &owned{partitions: map[int32]bool{}} }

func (o *owned) change(add, remove []int32) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	for _, partition := range add {
		o.partitions[partition] = true
	}
	for _, partition := range remove {
		delete(o.partitions, partition)
	}
	list := []int32{}
	for partition := range o.partitions {
		list = append(list, partition)
	}
	sort.Slice(list, func(i, j int) bool { return list[i] < list[j] })
	say(map[string][]int32{"owns": list})
}

func readRecords() ([]record, error) {
	var records []record
	decoder := json.NewDecoder(bufio.NewReader(os.Stdin))
	for decoder.More() {
		var r record
		if err := decoder.Decode(&r); err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

func readCommands() <-chan string {
	commands := make(chan string, 16)
	go func() {
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			commands <- strings.TrimSpace(lines.Text())
		}
		commands <- "stop"
	}()
	return commands
}

func run(arguments []string) error {
	library, known := libraries[arguments[0]]
	if !known {
		return fmt.Errorf("unknown library %s", arguments[0])
	}
	arguments = arguments[1:]
	switch arguments[0] {
	case "produce":
		records, err := readRecords()
		if err != nil {
			return err
		}
		if err := library.produce(arguments[1], arguments[2], arguments[3], arguments[4] == "1", records); err != nil {
			return err
		}
		say(map[string]int{"produced": len(records)})
		return nil
	case "member":
		return library.member(arguments[1], arguments[2], arguments[3], readCommands())
	case "seek":
		partition, err := strconv.Atoi(arguments[3])
		if err != nil {
			return err
		}
		timeMs, err := strconv.ParseInt(arguments[4], 10, 64)
		if err != nil {
			return err
		}
		count, err := strconv.Atoi(arguments[5])
		if err != nil {
			return err
		}
		found, err := library.seek(arguments[1], arguments[2], int32(partition), timeMs, count)
		if err == nil && !found {
			say(map[string]int{"offset": -1})
		}
		return err
	}
	return fmt.Errorf("unknown command %s", arguments[0])
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
