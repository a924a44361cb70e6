using Compat.Engine.Schedulers;
using Compat.Torch.Optim;

namespace Compat.Api.Tests.Engine;

internal sealed record SawtoothOptions(OptimizerOption Scheduled, double Share) : ParamSchedulerOptions(Scheduled)
{
    protected override ParamScheduler Create(IReadOnlyList<OptimizerGroup> groups) => new SawtoothScheduler(groups, this);
}
