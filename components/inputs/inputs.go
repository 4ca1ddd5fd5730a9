// Package inputs makes a resource's inputs of plain typed Go values: for custom
// resources of Kubernetes, and for a provider whose SDK is not to be had.
package inputs

import (
	"reflect"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Map are the inputs of one resource.
type Map map[string]any

// ElementType implements pulumi.Input.
func (Map) ElementType() reflect.Type { return reflect.TypeFor[map[string]any]() }

// Of turns a struct into inputs. Names and "omitempty" come from json tags. A field
// may hold a pulumi.Input wherever its value is known only later.
func Of(v any) Map {
	fields, _ := value(reflect.ValueOf(v)).(map[string]any)
	return fields
}

func value(v reflect.Value) any {
	if !v.IsValid() {
		return nil
	}
	if input, ok := reflect.TypeAssert[pulumi.Input](v); ok {
		return input
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return value(v.Elem())
	case reflect.Struct:
		fields := map[string]any{}
		for i := range v.NumField() {
			name, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if options == "omitempty" && empty(v.Field(i)) {
				continue
			}
			fields[name] = value(v.Field(i))
		}
		return fields
	case reflect.Map:
		entries := map[string]any{}
		for _, key := range v.MapKeys() {
			entries[key.String()] = value(v.MapIndex(key))
		}
		return entries
	case reflect.Slice:
		items := make([]any, v.Len())
		for i := range items {
			items[i] = value(v.Index(i))
		}
		return items
	case reflect.String:
		return v.String()
	default:
		return v.Interface()
	}
}

func empty(v reflect.Value) bool {
	if v.Kind() == reflect.Map || v.Kind() == reflect.Slice {
		return v.Len() == 0
	}
	return v.IsZero()
}
