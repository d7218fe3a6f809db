# region read
trivium search ./handbook --query "back up the database" --limit 1
trivium ask ./handbook --question "How do I stop a stream?" --limit 1
trivium summarize ./handbook --words 60
# endregion read

# region shapes
trivium ask ./handbook --question "What is a permanent error?" --json | head -c 80
printf '\n'
trivium search ./handbook --query "rate" --events | wc -l
# endregion shapes

# region batch
printf 'stop a stream\nfailed tasks\n' > build/queries.txt
trivium search ./handbook --queries build/queries.txt --limit 1 --json | wc -l
# endregion batch

# region models
trivium inspect ../../packages/nano/models/language.gguf --no-speed | head -n 4
echo "What is Kubernetes?" | trivium chat --model nano --max-tokens 24
# endregion models

# region jobs
id=$(trivium summarize ./handbook --words 60 --job)
trivium jobs watch "$id" > build/job.txt
trivium jobs list --limit 1
trivium jobs show "$id" --json | head -c 40
printf '\n'
# endregion jobs
