using System.Text.Json;
using Compat.TestSupport;
using Compat.Torch.Optim;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Optim;

/// <summary>The groups that MMEngine's constructor makes from <c>paramwise_cfg</c>, as far as the golden files of wrappers use it: one per trainable parameter.</summary>
internal static class GoldenParamwise
{
    private static readonly string[] Known = ["custom_keys", "bias_lr_mult", "bias_decay_mult", "norm_decay_mult"];

    public static IReadOnlyList<ParameterGroup> Groups(nn.Module model, JsonElement optimizer, JsonElement paramwise)
    {
        paramwise.EnumerateObject().Select(setting => setting.Name).Should().BeSubsetOf(Known);
        return
        [
            .. from module in model.named_modules()
               from own in module.module.named_parameters(recurse: false)
               where own.parameter.requires_grad
               select Group($"{module.name}.{own.name}", own.parameter, module.module is BatchNorm2d, optimizer, paramwise),
        ];
    }

    private static ParameterGroup Group(string name, Parameter parameter, bool isNorm, JsonElement optimizer, JsonElement paramwise)
    {
        double lr = optimizer.GetProperty("lr").Number();
        double decay = Number(optimizer, "weight_decay") ?? 0;
        if (Custom(name, paramwise) is { } custom)
        {
            return new([parameter]) { Lr = lr * (Number(custom, "lr_mult") ?? 1), WeightDecay = decay * (Number(custom, "decay_mult") ?? 1) };
        }

        bool isBias = name.EndsWith(".bias", StringComparison.Ordinal);
        double? decayFactor = isNorm && Number(paramwise, "norm_decay_mult") is { } norm ? norm : isBias ? Number(paramwise, "bias_decay_mult") : null;
        return new([parameter])
        {
            Lr = isBias && !isNorm ? lr * Number(paramwise, "bias_lr_mult") : null,
            WeightDecay = decay * decayFactor,
        };
    }

    private static JsonElement? Custom(string name, JsonElement paramwise) => paramwise.TryGetProperty("custom_keys", out JsonElement keys)
        ? keys.EnumerateObject().OrderBy(key => key.Name, StringComparer.Ordinal).OrderByDescending(key => key.Name.Length)
            .Where(key => name.Contains(key.Name, StringComparison.Ordinal)).Select(key => (JsonElement?)key.Value).FirstOrDefault()
        : null;

    private static double? Number(JsonElement config, string name) => config.TryGetProperty(name, out JsonElement value) ? value.Number() : null;
}
