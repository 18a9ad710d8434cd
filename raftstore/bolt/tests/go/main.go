// A fixture generator for the tests of hydrofoil-bolt: writes files with real bbolt, checks files with it, and prints what it
// reads, so that both sides can be compared. Not for anything else.
package main

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"

	bolt "go.etcd.io/bbolt"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 5 && os.Args[1] == "write":
		err = write(os.Args[2], os.Args[3], os.Args[4])
	case len(os.Args) == 3 && os.Args[1] == "check":
		err = check(os.Args[2])
	case len(os.Args) == 3 && os.Args[1] == "dump":
		err = dump(os.Args[2])
	case len(os.Args) == 3 && os.Args[1] == "append":
		err = grow(os.Args[2])
	default:
		err = fmt.Errorf("usage: write KIND PAGE_SIZE FILE | check FILE | dump FILE | append FILE")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(kind, pageSize, path string) error {
	size, err := strconv.Atoi(pageSize)
	if err != nil {
		return err
	}
	options := &bolt.Options{PageSize: size, NoFreelistSync: kind == "nofreelist"}
	db, err := bolt.Open(path, 0o600, options)
	if err != nil {
		return err
	}
	defer db.Close()
	// Several transactions, so that pages are freed and used again.
	for round := 0; round < 5; round++ {
		if err := db.Update(func(tx *bolt.Tx) error { return fill(tx, kind, round) }); err != nil {
			return err
		}
	}
	return nil
}

func fill(tx *bolt.Tx, kind string, round int) error {
	for _, name := range []string{"auth", "key", "meta"} {
		if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
			return err
		}
	}
	keys := tx.Bucket([]byte("key"))
	for n := 0; n < 2000; n++ {
		var key [8]byte
		binary.BigEndian.PutUint64(key[:], uint64(n*7919%10007))
		if (n+round)%5 == 0 {
			if err := keys.Delete(key[:]); err != nil {
				return err
			}
			continue
		}
		length := n % 120
		if n%331 == 0 {
			length = 20000 + n
		}
		value := make([]byte, length)
		for i := range value {
			value[i] = byte(n + round)
		}
		if err := keys.Put(key[:], value); err != nil {
			return err
		}
	}
	if err := tx.Bucket([]byte("meta")).Put([]byte("round"), []byte{byte(round)}); err != nil {
		return err
	}
	if kind != "nested" {
		return nil
	}
	inner, err := keys.CreateBucketIfNotExists([]byte("zz-inner"))
	if err != nil {
		return err
	}
	if err := inner.Put([]byte("small"), []byte("inline")); err != nil {
		return err
	}
	deep, err := inner.CreateBucketIfNotExists([]byte("deep"))
	if err != nil {
		return err
	}
	for n := 0; n < 300; n++ {
		if err := deep.Put([]byte(fmt.Sprintf("%05d", n)), make([]byte, 50)); err != nil {
			return err
		}
	}
	_, err = deep.NextSequence()
	return err
}

func check(path string) error {
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer db.Close()
	return db.View(func(tx *bolt.Tx) error {
		var last error
		for problem := range tx.Check() {
			last = problem
			fmt.Println(problem)
		}
		return last
	})
}

// dump prints a line for each entry, depth first: depth, key, value, or "bucket" with its sequence.
func dump(path string) error {
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer db.Close()
	return db.View(func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bolt.Bucket) error {
			return dumpBucket(0, name, b)
		})
	})
}

func dumpBucket(depth int, name []byte, b *bolt.Bucket) error {
	fmt.Printf("%d %s bucket %d\n", depth, hex.EncodeToString(name), b.Sequence())
	return b.ForEach(func(k, v []byte) error {
		if v == nil {
			return dumpBucket(depth+1, k, b.Bucket(k))
		}
		fmt.Printf("%d %s %s\n", depth+1, hex.EncodeToString(k), hex.EncodeToString(v))
		return nil
	})
}

// grow opens a file for writing, as etcd does after a restore, and changes every bucket of it.
func grow(path string) error {
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Update(func(tx *bolt.Tx) error {
		var names [][]byte
		if err := tx.ForEach(func(name []byte, _ *bolt.Bucket) error {
			names = append(names, append([]byte{}, name...))
			return nil
		}); err != nil {
			return err
		}
		for _, name := range names {
			b := tx.Bucket(name)
			var some [][]byte
			n := 0
			if err := b.ForEach(func(k, _ []byte) error {
				if n++; n%3 == 0 {
					some = append(some, append([]byte{}, k...))
				}
				return nil
			}); err != nil {
				return err
			}
			for _, key := range some {
				if err := b.Delete(key); err != nil {
					return err
				}
			}
			if err := b.Put([]byte("zzz"), []byte("appended")); err != nil {
				return err
			}
		}
		return nil
	})
}
