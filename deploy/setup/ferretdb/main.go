// A server that speaks MongoDB's wire protocol over SQLite, for tests on machines without mongod.
package main

import (
	"context"
	"flag"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	port := flag.String("port", "27017", "TCP port on 127.0.0.1")
	dbpath := flag.String("dbpath", ".", "existing folder for the databases")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: "127.0.0.1:" + *port},
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Handler:   "sqlite",
		SQLiteURL: "file:" + *dbpath + "/",
	})
	if err != nil {
		log.Fatal(err)
	}

	if err := server.Run(ctx); err != nil {
		log.Fatal(err)
	}
}
