module github.com/rondohq/rondo/platform

go 1.26.4

require (
	github.com/google/jsonschema-go v0.4.3
	github.com/google/uuid v1.6.0
)

require github.com/teambition/rrule-go v1.8.2
