using Compat.Torch.Serialization;
using TorchSharp.Modules;

namespace Compat.Torch.Optim;

/// <summary>What an optimizer remembers, by PyTorch's names, as <see cref="OptimizerStateDict"/> needs it.</summary>
internal interface IOptimizerStates
{
    /// <summary>Gets the parameters of each group. Borrowed.</summary>
    IReadOnlyList<Parameter[]> Members { get; }

    /// <summary>Gets the groups, with their settings.</summary>
    IReadOnlyList<OptimizerGroup> Groups { get; }

    /// <summary>Gets the names of all that may be remembered of a parameter.</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>Gets which kernels compute the update, since they decide the last bits.</summary>
    string Kernels { get; }

    /// <summary>Gives what is remembered of a parameter. Tensors are copies on the CPU; fresh.</summary>
    PthDict EntriesOf(Parameter parameter);

    /// <summary>Remembers something else of a parameter; nothing, if there are no entries. They fit. Borrowed.</summary>
    void SetEntries(Parameter parameter, PthDict entries);
}
