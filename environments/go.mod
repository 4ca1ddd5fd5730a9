module github.com/rondohq/rondo/environments

go 1.26.4

require (
	github.com/google/jsonschema-go v0.4.3
	github.com/rondohq/rondo/platform v0.0.0
	gopkg.in/yaml.v3 v3.0.1
)

replace github.com/rondohq/rondo/platform => ../platform
