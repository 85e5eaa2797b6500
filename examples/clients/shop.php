#!/usr/bin/env php
<?php
// Prints labels with waybilld: submits a job, waits until every label has its end, prints one again.
//
//     php shop.php wave-0712 labels.jsonl        (one label a line; no extension, no package)

/** What the daemon answers, or the end of this program with its reasons. */
function ask(string $method, string $path, ?array $body = null): array
{
    $socket = getenv('WAYBILLD_SOCKET') ?: getenv('XDG_RUNTIME_DIR') . '/waybilld.sock';
    $door = stream_socket_client("unix://$socket", $code, $why) ?: exit_with("nobody listens at $socket: $why");
    stream_set_timeout($door, 60);
    $text = $body === null ? '' : json_encode($body, JSON_THROW_ON_ERROR);
    fwrite($door, "$method $path HTTP/1.1\r\nHost: waybilld\r\nConnection: close\r\n"
        . "Content-Type: application/json\r\nContent-Length: " . strlen($text) . "\r\n\r\n$text");
    [$head, $said] = explode("\r\n\r\n", stream_get_contents($door), 2);
    $status = (int) explode(' ', $head)[1];
    $said = json_decode($said, true, flags: JSON_THROW_ON_ERROR);
    if ($status < 300) {
        return $said;
    }
    // 422 tells every fault of every label, and nothing was taken. Any other no has its reason in `detail`.
    foreach ($said['faults'] ?? [] as $fault) {
        fwrite(STDERR, ($fault['label'] ?? 'the job') . ": {$fault['field']}: {$fault['message']}\n");
    }
    exit_with("$status: {$said['detail']}");
}

function exit_with(string $sentence): never
{
    fwrite(STDERR, "$sentence\n");
    exit(1);
}

/** Looks every half second until no label of the job is on its way any more. */
function follow(string $job): array
{
    do {
        usleep(500_000);
        $stands = ask('GET', '/v1/jobs/' . rawurlencode($job));
    } while (isset($stands['counts']['waiting']) || isset($stands['counts']['sending']));
    return $stands;
}

/** How many labels stand in which state, and what needs a person. */
function tell(array $stands): void
{
    ksort($stands['counts']);
    $counts = array_map(fn ($state, $labels) => "$labels $state", array_keys($stands['counts']), $stands['counts']);
    echo "job {$stands['id']}: ", implode(', ', $counts), "\n";
    foreach (array_merge(...array_column($stands['runs'], 'labels')) as $label) {
        if ($label['state'] === 'in_doubt' || $label['state'] === 'held') {
            echo "label {$label['id']} is {$label['state']}: ", $label['reason'] ?? 'look at the tray', "\n";
        }
    }
}

[, $job, $file] = $argv;
$lines = file($file, FILE_IGNORE_NEW_LINES | FILE_SKIP_EMPTY_LINES) ?: exit_with("there is no label in $file");
$labels = array_map(fn ($line) => json_decode($line, true, flags: JSON_THROW_ON_ERROR), $lines);
// The id makes it safe to send again: the same job is taken once.
ask('POST', '/v1/jobs', ['id' => $job, 'sort' => ['ship_by', 'priority'], 'labels' => $labels]);
tell(follow($job));

$first = '/v1/labels/' . rawurlencode($labels[0]['id']);
ask('POST', "$first/reprint", ['reason' => 'smudged', 'by' => 'shop.php']);
follow($job);
$label = ask('GET', $first);
echo "label {$label['id']}: {$label['state']}, {$label['copies']} copies\n";
