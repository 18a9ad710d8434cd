// The real kubectl, as Kubernetes' own cmd/kubectl starts it. The module k8s.io/kubectl has the commands but no main package.
package main

import (
	"k8s.io/component-base/cli"
	_ "k8s.io/client-go/plugin/pkg/client/auth"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
)

func main() {
	command := cmd.NewDefaultKubectlCommand()
	if err := cli.RunNoErrOutput(command); err != nil {
		// CheckErr prints the message in kubectl's wording and ends with its exit code.
		util.CheckErr(err)
	}
}
