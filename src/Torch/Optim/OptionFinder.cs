using Compat.Torch.Serialization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Optim;

/// <summary>Finds an option in one group, wherever its optimizer keeps it.</summary>
internal sealed class OptionFinder(OptimizerGroup view, ParamGroup group, GroupSettings settings)
{
    /// <summary>Finds an option; gives <see langword="null"/> if the group has none of this name.</summary>
    public OptimizerValue? Find(OptimizerOption option)
    {
        return option.Name switch
        {
            "lr" => new(view, option, () => group.LearningRate, value => group.LearningRate = value),
            "momentum" when group is optim.IMomentum own => new(view, option, () => own.Momentum, value => own.Momentum = value),
            "momentum" when group is optim.IBetas own => new(view, option, () => own.Betas.Item1, value => own.Betas = (value, own.Betas.Item2)),
            _ when Number(option.Name) is not null => new(
                view, option, () => Number(option.Name)!.Value, value => settings.Load(new PthDict { [option.Name] = value })),
            "momentum" when Betas() is not null => new(view, option, () => Betas()!.Value.First, SetFirstBeta),
            _ => null,
        };
    }

    /// <summary>Lists what there is.</summary>
    public IEnumerable<string> Names()
    {
        PthDict saved = settings.Save();
        string[] momentum = group is optim.IMomentum or optim.IBetas || Betas() is not null ? ["momentum"] : [];
        IEnumerable<string> numbers = saved.Select(entry => ((PthText)entry.Key).Value).Where(name => OptimizerStateDict.Number(saved, name) is not null);
        return ["lr", .. momentum, .. numbers.Except(momentum)];
    }

    private double? Number(string name) => OptimizerStateDict.Number(settings.Save(), name);

    private (double First, double Second)? Betas() => OptimizerStateDict.Pair(settings.Save(), "betas");

    private void SetFirstBeta(double first) =>
        settings.Load(new PthDict { ["betas"] = new PthSequence(PthSequenceKind.Tuple, first, Betas()!.Value.Second) });
}
