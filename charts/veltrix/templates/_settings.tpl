{{- /* hunt-config.yml, nested. By hand, because toYaml writes a million as 1e+06. Given (list map indentation). */ -}}
{{- define "veltrix.settings" -}}
{{- $indent := index . 1 -}}
{{- range $key, $value := index . 0 }}
{{- if kindIs "map" $value }}
{{ repeat $indent " " }}{{ $key }}:
{{- include "veltrix.settings" (list $value (int (add $indent 2))) }}
{{- else if kindIs "float64" $value }}
{{ repeat $indent " " }}{{ $key }}: {{ if eq $value (floor $value) }}{{ int64 $value }}{{ else }}{{ $value }}{{ end }}
{{- else if not (kindIs "invalid" $value) }}
{{ repeat $indent " " }}{{ $key }}: {{ toJson $value }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* The values' defaults, with where the bundled stores and the mounted secrets are. */ -}}
{{- define "veltrix.defaults" -}}
{{- $defaults := deepCopy (.Values.hunt.defaults | default dict) -}}
{{- if .Values.bundled.enabled -}}
  {{- $host := include "veltrix.fullname" . -}}
  {{- $defaults = mergeOverwrite (dict
        "kafka" (dict "bootstrap_servers" (printf "%s-kafka:9092" $host) "replication_factor" 1)
        "control" (dict "database" (printf "Host=%s-postgresql;Port=5432;Database=veltrix;Username=veltrix" $host))) $defaults -}}
{{- end -}}
{{- if .Values.secrets.redis -}}
  {{- $defaults = mergeOverwrite (dict "redis" (dict "password_file" "/etc/veltrix/secrets/redis/password")) $defaults -}}
{{- end -}}
{{- if include "veltrix.postgresqlSecret" . -}}
  {{- $defaults = mergeOverwrite (dict "control" (dict "password_file" "/etc/veltrix/secrets/postgresql/password")) $defaults -}}
{{- end -}}
{{- include "veltrix.settings" (list $defaults 0) | trim -}}
{{- end -}}
