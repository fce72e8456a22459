package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
)

// kafkaGo is segmentio/kafka-go.
type kafkaGo struct{}

func (kafkaGo) produce(bootstrap, topic, codec string, _ bool, records []record) error {
	writer := &kafka.Writer{
		Addr: kafka.TCP(bootstrap), Topic: topic, RequiredAcks: kafka.RequireAll, Balancer: kafka.Murmur2Balancer{}, BatchTimeout: 5 * time.Millisecond,
		Transport: segmentioTransport(),
		Compression: map[string]kafka.Compression{
			"none": 0, "gzip": kafka.Gzip, "snappy": kafka.Snappy, "lz4": kafka.Lz4, "zstd": kafka.Zstd,
		}[codec],
	}
	var batch []kafka.Message
	for _, r := range records {
		sent := kafka.Message{Key: r.Key, Value: r.Value, Time: time.UnixMilli(r.Timestamp)}
		for _, h := range r.Headers {
			sent.Headers = append(sent.Headers, kafka.Header{Key: h.name, Value: h.value})
		}
		batch = append(batch, sent)
	}
	if err := writer.WriteMessages(context.Background(), batch...); err != nil {
		return err
	}
	return writer.Close()
}

func saySegmentio(message kafka.Message) {
	line := record{
		Partition: int32(message.Partition), Offset: message.Offset, Key: message.Key, Value: message.Value, Timestamp: message.Time.UnixMilli(),
	}
	for _, h := range message.Headers {
		line.Headers = append(line.Headers, header{h.Key, h.Value})
	}
	sayRecord(line)
}

// positions of one generation: what to commit.
type positions struct {
	mutex sync.Mutex
	next  map[int]int64
}

func (p *positions) set(partition int, offset int64) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.next[partition] = offset
}

func (p *positions) commit(generation *kafka.Generation, topic string) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	offsets := map[int]int64{}
	for partition, offset := range p.next {
		offsets[partition] = offset
	}
	return generation.CommitOffsets(map[string]map[int]int64{topic: offsets})
}

// The group by its generations: kafka.Reader does not tell what it was assigned.
func (kafkaGo) member(bootstrap, topic, group string, commands <-chan string) error {
	members, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: group, Brokers: []string{bootstrap}, Topics: []string{topic}, StartOffset: kafka.FirstOffset,
		SessionTimeout: 10 * time.Second, HeartbeatInterval: 500 * time.Millisecond, WatchPartitionChanges: false, Dialer: segmentioDialer(),
	})
	if err != nil {
		return err
	}
	owned := newOwned()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	commits := make(chan struct{}, 1)
	go func() {
		for command := range commands {
			if command == "stop" {
				cancel()
				return
			}
			commits <- struct{}{}
		}
	}()
	for {
		generation, err := members.Next(ctx)
		if errors.Is(err, context.Canceled) {
			return members.Close()
		}
		if err != nil {
			return err
		}
		var mine []int32
		read := &positions{next: map[int]int64{}}
		for _, assigned := range generation.Assignments[topic] {
			mine = append(mine, int32(assigned.ID))
			generation.Start(func(ctx context.Context) {
				reader := kafka.NewReader(kafka.ReaderConfig{Dialer: segmentioDialer(), Brokers: []string{bootstrap}, Topic: topic, Partition: assigned.ID, MaxWait: 500 * time.Millisecond})
				defer reader.Close()
				if err := reader.SetOffset(assigned.Offset); err != nil {
					panic(err)
				}
				for {
					message, err := reader.ReadMessage(ctx)
					if err != nil {
						return
					}
					saySegmentio(message)
					read.set(assigned.ID, message.Offset+1)
				}
			})
		}
		owned.change(mine, nil)
		generation.Start(func(generationCtx context.Context) {
			defer owned.change(nil, mine)
			for {
				select {
				case <-generationCtx.Done():
					return
				case <-commits:
					if err := read.commit(generation, topic); err != nil {
						panic(err)
					}
					sayCommitted()
				}
			}
		})
	}
}

func (kafkaGo) seek(bootstrap, topic string, partition int32, timeMs int64, count int) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	connection, err := segmentioDialer().DialLeader(ctx, "tcp", bootstrap, topic, int(partition))
	if err != nil {
		return false, err
	}
	defer connection.Close()
	offset, err := connection.ReadOffset(time.UnixMilli(timeMs))
	if err != nil || offset < 0 {
		return false, err
	}
	reader := kafka.NewReader(kafka.ReaderConfig{Dialer: segmentioDialer(), Brokers: []string{bootstrap}, Topic: topic, Partition: int(partition), MaxWait: 500 * time.Millisecond})
	defer reader.Close()
	if err := reader.SetOffset(offset); err != nil {
		return false, err
	}
	for ; count > 0; count-- {
		message, err := reader.ReadMessage(ctx)
		if err != nil {
			return false, err
		}
		saySegmentio(message)
	}
	return true, nil
}
