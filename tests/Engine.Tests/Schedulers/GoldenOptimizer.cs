using System.Text.Json;
using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Optim;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Schedulers;

/// <summary>The optimizer of a golden case of schedules: a parameter in each group; a rate of 1 and PyTorch's other settings as its defaults.</summary>
internal sealed class GoldenOptimizer : IDisposable
{
    private readonly Linear model = nn.Linear(2, 2);
    private readonly OptimWrapper wrapper;

    public GoldenOptimizer(JsonElement golden)
    {
        wrapper = new OptimWrapper(new OptimWrapperOptions { Optimizer = Make(golden.GetProperty("optimizer"), model) }, model);
        Groups = golden.GetProperty("wrapped").GetBoolean() ? wrapper.ParamGroups : OptimizerGroup.Of(wrapper.Optimizer);
    }

    public IReadOnlyList<OptimizerGroup> Groups { get; }

    public static FusedOptimizer Make(JsonElement config, nn.Module model)
    {
        double[] rates = GoldenTensor.Numbers(config.GetProperty("lr"));
        Parameter[] parameters = [.. model.parameters()];
        switch (config.GetProperty("type").GetString())
        {
            case "SGD":
                double[] momenta = GoldenTensor.Numbers(config.GetProperty("momentum"));
                return new FusedSgd(
                    rates.Select((rate, i) => new ParameterGroup<FusedSgdOptions>([parameters[i]], new() { Lr = rate, Momentum = momenta[i] })),
                    defaults: new() { Lr = 1 });
            case "Adam":
                JsonElement betas = config.GetProperty("betas");
                return new FusedAdam(
                    rates.Select((rate, i) => new ParameterGroup<FusedAdamOptions>(
                        [parameters[i]], new() { Lr = rate, Beta1 = betas[i][0].Number(), Beta2 = betas[i][1].Number() })),
                    defaults: new() { Lr = 1 });
            case "Adagrad":
                return new FusedAdagrad(rates.Select((rate, i) => new ParameterGroup<FusedAdagradOptions>([parameters[i]], new() { Lr = rate })));
            case string other:
                throw new NotSupportedException($"The golden file has a new optimizer, {other}.");
            default:
                throw new FormatException("An optimizer has no type.");
        }
    }

    public void TakeOver(GoldenOptimizer other)
    {
        using DisposeScope scope = NewDisposeScope();
        wrapper.LoadState(other.wrapper.SaveState());
    }

    public void Dispose()
    {
        wrapper.Dispose();
        wrapper.Optimizer.Dispose();
        model.Dispose();
    }
}
