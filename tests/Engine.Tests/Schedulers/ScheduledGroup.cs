using Compat.Engine.Schedulers;
using Compat.Torch.Optim;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Schedulers;

/// <summary>An optimizer with one group: rate 1, momentum 0.8, weight decay 0.5.</summary>
internal sealed class ScheduledGroup : IDisposable
{
    private readonly Linear model = nn.Linear(1, 1);
    private readonly FusedSgd optimizer;

    public ScheduledGroup()
    {
        optimizer = new FusedSgd(model.parameters(), new() { Lr = 1, Momentum = 0.8, WeightDecay = 0.5 });
        Groups = OptimizerGroup.Of(optimizer);
    }

    public IReadOnlyList<OptimizerGroup> Groups { get; }

    /// <summary>Builds a schedule and gives the rate after that and after each step.</summary>
    public List<double> Lr(ParamSchedulerOptions options, int steps)
    {
        ParamScheduler scheduler = options.Build(Groups);
        List<double> rates = [Groups[0].Lr];
        for (int i = 0; i < steps; i++)
        {
            scheduler.Step();
            rates.Add(Groups[0].Lr);
        }

        return rates;
    }

    public void Dispose()
    {
        optimizer.Dispose();
        model.Dispose();
    }
}
