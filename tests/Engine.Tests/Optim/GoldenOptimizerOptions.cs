using System.Text.Json;
using Compat.Engine.Tests.Support;
using Compat.Torch.Optim;
using TorchSharp.Modules;
using static TorchSharp.torch;
using OptimizerOptions = Compat.Engine.Optim.OptimizerOptions;

namespace Compat.Engine.Tests.Optim;

/// <summary>The optimizers of the golden files, computed by a fused kernel, parameter by parameter, or by TorchSharp's own.</summary>
/// <param name="Config">The optimizer as Python's config has it.</param>
/// <param name="Kind">Whose optimizer it is. With groups of settings it is ours.</param>
/// <param name="Groups">The groups; <see langword="null"/> for one with all parameters of the model that the options are given.</param>
internal sealed record GoldenOptimizerOptions(JsonElement Config, GoldenOptimizerKind Kind, IReadOnlyList<ParameterGroup>? Groups = null) : OptimizerOptions
{
    private double Lr => Number("lr", 0.01);

    private double Decay(double otherwise = 0) => Number("weight_decay", otherwise);

    private (double First, double Second) Betas => Config.TryGetProperty("betas", out JsonElement given) && GoldenTensor.Numbers(given) is [var first, var second]
        ? (first, second)
        : (0.9, 0.999);

    public override optim.Optimizer Build(IReadOnlyList<ParameterGroup> groups) => Kind == GoldenOptimizerKind.TorchSharp && Groups is null
        ? Theirs([.. groups.Single().Parameters])
        : Ours().Build(Groups ?? groups, Kind == GoldenOptimizerKind.Fused ? Implementation.Auto : Implementation.PerParameter);

    private FusedOptimizerOptions Ours() => Config.GetProperty("type").GetString() switch
    {
        "SGD" => new FusedSgdOptions { Lr = Lr, Momentum = Number("momentum", 0), Dampening = Number("dampening", 0), WeightDecay = Decay(), Nesterov = Nesterov },
        "Adam" => new FusedAdamOptions { Lr = Lr, Beta1 = Betas.First, Beta2 = Betas.Second, WeightDecay = Decay() },
        "AdamW" => new FusedAdamWOptions { Lr = Lr, Beta1 = Betas.First, Beta2 = Betas.Second, WeightDecay = Decay(0.01) },
        "RMSprop" => new FusedRmsPropOptions { Lr = Lr, Alpha = Number("alpha", 0.99), WeightDecay = Decay(), Momentum = Number("momentum", 0) },
        "Adagrad" => new FusedAdagradOptions { Lr = Lr, LrDecay = Number("lr_decay", 0), WeightDecay = Decay() },
        string other => throw new NotSupportedException($"The golden file has a new optimizer, {other}."),
        null => throw new FormatException("An optimizer has no type."),
    };

    private optim.Optimizer Theirs(Parameter[] parameters) => Config.GetProperty("type").GetString() switch
    {
        "SGD" => optim.SGD(parameters, Lr, Number("momentum", 0), Number("dampening", 0), Decay(), Nesterov),
        "Adam" => optim.Adam(parameters, Lr, Betas.First, Betas.Second, weight_decay: Decay()),
        "AdamW" => optim.AdamW(parameters, Lr, Betas.First, Betas.Second, weight_decay: Decay(0.01)),
        "RMSprop" => optim.RMSProp(parameters, Lr, Number("alpha", 0.99), weight_decay: Decay(), momentum: Number("momentum", 0)),
        "Adagrad" => optim.Adagrad(parameters, Lr, Number("lr_decay", 0), Decay()),
        string other => throw new NotSupportedException($"The golden file has a new optimizer, {other}."),
        null => throw new FormatException("An optimizer has no type."),
    };

    private bool Nesterov => Config.TryGetProperty("nesterov", out JsonElement nesterov) && nesterov.GetBoolean();

    private double Number(string name, double otherwise) => Config.TryGetProperty(name, out JsonElement value) ? GoldenTensor.Number(value) : otherwise;
}
