using Compat.Engine.Schedulers;
using Compat.Torch.Optim;

namespace Compat.Api.Tests.Engine;

/// <summary>A user's own schedule: the initial value at even steps, a share of it at odd ones.</summary>
internal sealed class SawtoothScheduler : ParamScheduler
{
    private readonly double share;

    public SawtoothScheduler(IReadOnlyList<OptimizerGroup> groups, SawtoothOptions options)
        : base(groups, options) => share = options.Share;

    protected override double Next(in GroupValue value) => LastStep % 2 == 0 ? value.Initial : value.Initial * share;
}
