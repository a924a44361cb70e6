using System.Text.Json;
using Compat.Engine.Schedulers;
using Compat.Engine.Tests.Schedulers;
using Compat.TestSupport;
using Compat.Torch.Optim;

namespace Compat.Engine.Tests.Optim;

/// <summary>Stands in for MMEngine's cosine annealing, which the engine does not have yet, where a run of a wrapper uses it.</summary>
internal sealed record GoldenCosineOptions(OptimizerOption Driven, double EtaMin) : ParamSchedulerOptions(Driven)
{
    public static ParamSchedulerOptions? Read(JsonElement config) => !config.GetProperty("type").GetString()!.StartsWith("CosineAnnealing", StringComparison.Ordinal) ? null
        : new GoldenCosineOptions(GoldenSchedule.Option(config), config.TryGetProperty("eta_min", out JsonElement eta) ? eta.Number() : 0)
        {
            Unit = config.TryGetProperty("by_epoch", out JsonElement byEpoch) && !byEpoch.GetBoolean() ? ScheduleUnit.Iteration : ScheduleUnit.Epoch,
            Begin = config.TryGetProperty("begin", out JsonElement begin) ? begin.GetInt32() : 0,
            End = config.TryGetProperty("end", out JsonElement end) ? end.GetInt32() : null,
        };

    protected override ParamScheduler Create(IReadOnlyList<OptimizerGroup> groups) => new Schedule(groups, this);

    private sealed class Schedule(IReadOnlyList<OptimizerGroup> groups, GoldenCosineOptions options) : ParamScheduler(groups, options)
    {
        protected override double Next(in GroupValue value)
        {
            if (LastStep == 0)
            {
                return value.Current;
            }

            double steps = End - Begin;
            return ((1 + Math.Cos(Math.PI * LastStep / steps)) / (1 + Math.Cos(Math.PI * (LastStep - 1) / steps)) * (value.Current - options.EtaMin)) + options.EtaMin;
        }
    }
}
