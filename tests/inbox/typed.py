"""What is typed into the forms of webhooks and chats."""

ADDRESS = "https://tickets.example/hook/0f1e2d3c"
BOT = "https://open.feishu.cn/open-apis/bot/v2/hook/0f1e2d3c"
WEBHOOK = {"name": "Ticket system", "address": ADDRESS, "areas": ["goals", "metrics"]}
CHAT = {
    "channel": "feishu",
    "name": "My group",
    "address": BOT,
    "secret": "S3CR3T-of-bot",
    "tells_title": "0",
}
