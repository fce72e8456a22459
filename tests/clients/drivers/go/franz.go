package main

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// franzGo is twmb/franz-go.
type franzGo struct{}

func (franzGo) produce(bootstrap, topic, codec string, idempotent bool, records []record) error {
	codecs := map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	}
	options := append(secureFranz(),
		kgo.SeedBrokers(bootstrap), kgo.RequiredAcks(kgo.AllISRAcks()), kgo.ProducerBatchCompression(codecs[codec]),
		kgo.ProducerLinger(5*time.Millisecond),
	)
	if !idempotent {
		options = append(options, kgo.DisableIdempotentWrite())
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return err
	}
	defer client.Close()
	var batch []*kgo.Record
	for _, r := range records {
		sent := &kgo.Record{Topic: topic, Key: r.Key, Value: r.Value, Timestamp: time.UnixMilli(r.Timestamp)}
		for _, h := range r.Headers {
			sent.Headers = append(sent.Headers, kgo.RecordHeader{Key: h.name, Value: h.value})
		}
		batch = append(batch, sent)
	}
	// Not by RecordDeliveryTimeout: it counts from the record's own timestamp.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return client.ProduceSync(ctx, batch...).FirstErr()
}

func sayFranz(r *kgo.Record) {
	line := record{Partition: r.Partition, Offset: r.Offset, Key: r.Key, Value: r.Value, Timestamp: r.Timestamp.UnixMilli()}
	for _, h := range r.Headers {
		line.Headers = append(line.Headers, header{h.Key, h.Value})
	}
	sayRecord(line)
}

func (franzGo) member(bootstrap, topic, group string, commands <-chan string) error {
	owned := newOwned()
	gone := func(_ context.Context, _ *kgo.Client, lost map[string][]int32) { owned.change(nil, lost[topic]) }
	client, err := kgo.NewClient(append(secureFranz(),
		kgo.SeedBrokers(bootstrap), kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.SessionTimeout(10*time.Second), kgo.HeartbeatInterval(500*time.Millisecond),
		kgo.FetchMaxWait(500*time.Millisecond),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, added map[string][]int32) { owned.change(added[topic], nil) }),
		kgo.OnPartitionsRevoked(func(ctx context.Context, client *kgo.Client, lost map[string][]int32) {
			if err := client.CommitUncommittedOffsets(ctx); err != nil {
				panic(err)
			}
			gone(ctx, client, lost)
		}),
		kgo.OnPartitionsLost(gone),
	)...)
	if err != nil {
		return err
	}
	defer client.Close()
	for {
		select {
		case command := <-commands:
			if command == "stop" {
				client.LeaveGroup()
				return nil
			}
			if err := client.CommitUncommittedOffsets(context.Background()); err != nil {
				return err
			}
			sayCommitted()
		default:
		}
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		fetches := client.PollFetches(ctx)
		cancel()
		for _, failed := range fetches.Errors() {
			if failed.Err != context.DeadlineExceeded {
				return failed.Err
			}
		}
		fetches.EachRecord(sayFranz)
	}
}

func (franzGo) seek(bootstrap, topic string, partition int32, timeMs int64, count int) (bool, error) {
	client, err := kgo.NewClient(append(secureFranz(), kgo.SeedBrokers(bootstrap))...)
	if err != nil {
		return false, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()

	request := kmsg.NewPtrListOffsetsRequest()
	request.ReplicaID = -1
	wanted := kmsg.NewListOffsetsRequestTopicPartition()
	wanted.Partition, wanted.Timestamp = partition, timeMs
	request.Topics = []kmsg.ListOffsetsRequestTopic{{Topic: topic, Partitions: []kmsg.ListOffsetsRequestTopicPartition{wanted}}}
	answer, err := request.RequestWith(ctx, client)
	if err != nil {
		return false, err
	}
	found := answer.Topics[0].Partitions[0]
	if found.ErrorCode != 0 {
		return false, fmt.Errorf("ListOffsets: error %d", found.ErrorCode)
	}
	if found.Offset < 0 {
		return false, nil
	}
	client.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: {partition: kgo.NewOffset().At(found.Offset)}})
	for count > 0 {
		fetches := client.PollRecords(ctx, count)
		if err := fetches.Err(); err != nil {
			return false, err
		}
		fetches.EachRecord(func(r *kgo.Record) { sayFranz(r); count-- })
	}
	return true, nil
}
