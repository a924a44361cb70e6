using System.Text.Json;
using Compat.TestSupport;
using Compat.Torch.Optim;

namespace Compat.Legacy.Tests.Support;

/// <summary>The optimizers that a golden case names.</summary>
public static class GoldenOptimizers
{
    /// <summary>Reads the settings of one optimizer.</summary>
    public static FusedOptimizerOptions Options(JsonElement options)
    {
        double lr = options.GetProperty("lr").Number();
        double weightDecay = Option(options, "weight_decay");
        return options.GetProperty("type").GetString() switch
        {
            "SGD" => new FusedSgdOptions { Lr = lr, WeightDecay = weightDecay, Momentum = Option(options, "momentum"), Dampening = Option(options, "dampening"), Nesterov = Flag(options, "nesterov") },
            "Adam" => new FusedAdamOptions { Lr = lr, WeightDecay = weightDecay, Beta1 = Beta(options, 0, 0.9), Beta2 = Beta(options, 1, 0.999), Amsgrad = Flag(options, "amsgrad") },
            "AdamW" => new FusedAdamWOptions { Lr = lr, WeightDecay = weightDecay, Beta1 = Beta(options, 0, 0.9), Beta2 = Beta(options, 1, 0.999) },
            "RMSprop" => new FusedRmsPropOptions
            {
                Lr = lr, WeightDecay = weightDecay, Alpha = Option(options, "alpha", 0.99), Momentum = Option(options, "momentum"), Centered = Flag(options, "centered"),
            },
            "Adagrad" => new FusedAdagradOptions { Lr = lr, WeightDecay = weightDecay, LrDecay = Option(options, "lr_decay") },
            string other => throw new InvalidDataException($"There is no optimizer {other} here."),
            null => throw new InvalidDataException("The optimizer has no type."),
        };
    }

    private static double Option(JsonElement options, string name, double missing = 0) =>
        options.TryGetProperty(name, out JsonElement value) ? value.Number() : missing;

    private static double Beta(JsonElement options, int index, double missing) =>
        options.TryGetProperty("betas", out JsonElement betas) ? betas[index].Number() : missing;

    private static bool Flag(JsonElement options, string name) => options.TryGetProperty(name, out JsonElement value) && value.GetBoolean();
}
