using System.Text.Json;
using Compat.Engine.Schedulers;
using Compat.Engine.Tests.Support;
using Compat.Torch.Optim;

namespace Compat.Engine.Tests.Schedulers;

/// <summary>The settings of a schedule as the golden files write them.</summary>
internal static class GoldenSchedule
{
    private static readonly string[] KindsToCome = ["CosineAnnealing", "CosineRestart", "OneCycle", "ReduceOnPlateau"];

    public static bool IsStillToCome(JsonElement config) => KindsToCome.Any(kind => Type(config).StartsWith(kind, StringComparison.Ordinal));

    /// <summary>Tells what our types cannot hold: an index to resume at without a state, and parts of an epoch.</summary>
    public static string? RuledOut(JsonElement config) =>
        config.TryGetProperty("last_step", out _) ? "ruled out by type ParamSchedulerOptions: it has no last step"
        : new[] { "begin", "end", "step_size" }.Any(name => config.TryGetProperty(name, out JsonElement value) && !value.TryGetInt32(out _))
            ? "ruled out by type int"
        : null;

    /// <summary>Tells whether we refuse at once what the original divides by later, or may: a factor of 0, a step size of 0, 0 to a negative power.</summary>
    public static bool IsRefusedBeforehand(JsonElement config) => Kind(config) switch
    {
        "Constant" => Number(config, "factor", 1) == 0,
        "Linear" => Number(config, "start_factor", 1) == 0,
        "Step" => config.GetProperty("step_size").GetInt32() < 1,
        "Poly" => Number(config, "power", 1) < 0,
        _ => false,
    };

    /// <summary>Tells whether nothing but sums, products and quotients is computed, which have the same bits everywhere.</summary>
    public static bool IsExact(JsonElement config) => Kind(config) is not ("Poly" or "MultiStep");

    public static OptimizerOption Option(JsonElement config) =>
        Type(config).EndsWith("Momentum", StringComparison.Ordinal) ? OptimizerOption.Momentum : OptimizerOption.Lr;

    public static ParamSchedulerOptions Read(JsonElement config)
    {
        OptimizerOption option = Option(config);
        ParamSchedulerOptions options = Kind(config) switch
        {
            "Constant" => Constant(new(option), config),
            "Linear" => Linear(new(option), config),
            "Poly" => new PolyParamSchedulerOptions(option) { Power = Number(config, "power", 1), EtaMin = Number(config, "eta_min", 0) },
            "Exponential" => new ExponentialParamSchedulerOptions(option) { Gamma = Number(config, "gamma", double.NaN) },
            "Step" => new StepParamSchedulerOptions(option) { StepSize = config.GetProperty("step_size").GetInt32(), Gamma = Number(config, "gamma", 0.1) },
            "MultiStep" => new MultiStepParamSchedulerOptions(option)
            {
                Milestones = [.. config.GetProperty("milestones").EnumerateArray().Select(step => step.GetInt32())],
                Gamma = Number(config, "gamma", 0.1),
            },
            string other => throw new NotSupportedException($"The golden files have a new schedule, {other}."),
        };
        return options with
        {
            Unit = config.TryGetProperty("by_epoch", out JsonElement byEpoch) && !byEpoch.GetBoolean() ? ScheduleUnit.Iteration : ScheduleUnit.Epoch,
            Begin = config.TryGetProperty("begin", out JsonElement begin) ? begin.GetInt32() : 0,
            End = config.TryGetProperty("end", out JsonElement end) ? end.GetInt32() : null,
            ConvertToIterBased = config.TryGetProperty("convert_to_iter_based", out JsonElement convert) && convert.GetBoolean(),
        };
    }

    // Where the file leaves a factor out, our own default has to be the original's.
    private static ConstantParamSchedulerOptions Constant(ConstantParamSchedulerOptions options, JsonElement config) =>
        options with { Factor = Number(config, "factor", options.Factor) };

    private static LinearParamSchedulerOptions Linear(LinearParamSchedulerOptions options, JsonElement config) =>
        options with { StartFactor = Number(config, "start_factor", options.StartFactor), EndFactor = Number(config, "end_factor", options.EndFactor) };

    private static string Type(JsonElement config) => config.GetProperty("type").GetString()!;

    private static string Kind(JsonElement config) => Type(config).Replace("Momentum", string.Empty, StringComparison.Ordinal).Replace("LR", string.Empty, StringComparison.Ordinal);

    private static double Number(JsonElement config, string name, double otherwise) =>
        config.TryGetProperty(name, out JsonElement value) ? GoldenTensor.Number(value) : otherwise;
}
