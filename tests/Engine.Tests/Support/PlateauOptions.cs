using Compat.Engine.Evaluation;
using Compat.Engine.Schedulers;
using Compat.Torch.Optim;

namespace Compat.Engine.Tests.Support;

/// <summary>A rule that halves the rate when a metric did not fall, as a user would write it.</summary>
/// <param name="Monitor">The metric.</param>
internal sealed record PlateauOptions(string Monitor) : ParamSchedulerOptions(OptimizerOption.Lr)
{
    protected override ParamSchedulerOptions Stretch(int epochLength) => throw new NotSupportedException("A rule that looks at validations counts epochs.");

    protected override ParamScheduler Create(IReadOnlyList<OptimizerGroup> groups) => new Plateau(groups, this);

    private sealed class Plateau(IReadOnlyList<OptimizerGroup> groups, PlateauOptions options) : ParamScheduler(groups, options)
    {
        private double best = double.PositiveInfinity;

        public override void Step() => GlobalStep++;

        public override void Step(IReadOnlyDictionary<string, MetricValue> metrics)
        {
            if (!IsActive)
            {
                return;
            }

            LastStep++;
            if (metrics[options.Monitor].Number < best)
            {
                best = metrics[options.Monitor].Number;
                return;
            }

            foreach (OptimizerValue value in Values)
            {
                value.Current = Next(new GroupValue(value.Current, value.Initial!.Value, 0));
            }

            RememberValues();
        }

        protected override double Next(in GroupValue value) => value.Current / 2;
    }
}
