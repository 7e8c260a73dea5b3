package master

import (
	"bytes"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// validateCommand checks a command's environment (src/common/validation.cpp);
// nil is fine.
func validateCommand(c *mesos.CommandInfo) error {
	for _, v := range c.GetEnvironment().GetVariables() {
		if err := validateVariable(&v); err != nil {
			return err
		}
	}
	return nil
}

func validateVariable(v *mesos.Environment_Variable) error {
	switch v.GetType() {
	case mesos.Environment_Variable_VALUE:
		if v.Value == nil {
			return refusef("Environment variable '%s' of type 'VALUE' must have a value set", v.Name)
		}
		if v.Secret != nil {
			return refusef("Environment variable '%s' of type 'VALUE' must not have a secret set", v.Name)
		}
		return nil
	case mesos.Environment_Variable_SECRET:
		return validateSecretVariable(v)
	default:
		return refusef("Environment variable of type 'UNKNOWN' is not allowed")
	}
}

func validateSecretVariable(v *mesos.Environment_Variable) error {
	if v.Secret == nil {
		return refusef("Environment variable '%s' of type 'SECRET' must have a secret set", v.Name)
	}
	if v.Value != nil {
		return refusef("Environment variable '%s' of type 'SECRET' must not have a value set", v.Name)
	}
	if err := validateSecret(v.Secret); err != nil {
		return refusef("Environment variable '%s' specifies an invalid secret: %v", v.Name, err)
	}
	if bytes.IndexByte(v.Secret.GetValue().GetData(), 0) >= 0 {
		return refusef("Environment variable '%s' specifies a secret containing null bytes,"+
			" which is not allowed in the environment", v.Name)
	}
	return nil
}

func validateSecret(s *mesos.Secret) error {
	switch {
	case s.Type == mesos.Secret_REFERENCE && s.Reference == nil:
		return refusef("Secret of type REFERENCE must have the 'reference' field set")
	case s.Type == mesos.Secret_REFERENCE && s.Value != nil:
		return refusef("Secret '%s' of type REFERENCE must not have the 'value' field set", s.Reference.Name)
	case s.Type == mesos.Secret_VALUE && s.Value == nil:
		return refusef("Secret of type VALUE must have the 'value' field set")
	case s.Type == mesos.Secret_VALUE && s.Reference != nil:
		return refusef("Secret of type VALUE must not have the 'reference' field set")
	}
	return nil
}

// validateContainer checks volumes and docker settings; nil is fine.
func validateContainer(c *mesos.ContainerInfo) error {
	if c == nil {
		return nil
	}
	for i := range c.Volumes {
		if err := validateVolume(&c.Volumes[i]); err != nil {
			return wrap("Invalid volume", err)
		}
	}
	if c.GetType() != mesos.ContainerInfo_DOCKER {
		return nil
	}
	if c.Docker == nil {
		return refusef("DockerInfo 'docker' is not set for DOCKER typed ContainerInfo")
	}
	for _, p := range c.Docker.Parameters {
		if p.Key == "name" {
			return refusef("Parameter in DockerInfo must not be 'name'")
		}
	}
	return nil
}

func validateVolume(v *mesos.Volume) error {
	ways := 0
	for _, set := range []bool{v.HostPath != nil, v.Image != nil, v.Source != nil} {
		if set {
			ways++
		}
	}
	if ways != 1 {
		return refusef("Only one of them should be set: 'host_path', 'image' and 'source'")
	}
	if v.Source == nil {
		return nil
	}
	return validateSource(v.Source)
}

func validateSource(s *mesos.Volume_Source) error {
	switch {
	case s.Type == mesos.Volume_Source_UNKNOWN:
		return refusef("'source.type' is unknown")
	case s.Type == mesos.Volume_Source_DOCKER_VOLUME && s.DockerVolume == nil:
		return refusef("'source.docker_volume' is not set for DOCKER_VOLUME volume")
	case s.Type == mesos.Volume_Source_HOST_PATH && s.HostPath == nil:
		return refusef("'source.host_path' is not set for HOST_PATH volume")
	case s.Type == mesos.Volume_Source_SANDBOX_PATH && s.SandboxPath == nil:
		return refusef("'source.sandbox_path' is not set for SANDBOX_PATH volume")
	case s.Type == mesos.Volume_Source_SECRET && s.Secret == nil:
		return refusef("'source.secret' is not set for SECRET volume")
	}
	return nil
}
