using System.Runtime.CompilerServices;
using Compat.Legacy;
using static TorchSharp.torch;

namespace Compat.Adapters.Models;

/// <summary>Gives the engine's view of a legacy model.</summary>
public static class ModelAdapterExtensions
{
    private static readonly ConditionalWeakTable<nn.Module, LegacyModelAdapter> Views = [];

    /// <summary>Lets the engine train a model that has MMCV's training step; its wrapper updates the weights.</summary>
    /// <typeparam name="TModel">The type of the model.</typeparam>
    /// <param name="legacy">The model, already on its device.</param>
    /// <returns>The view; the same one for the same model.</returns>
    public static LegacyModelAdapter AsEngine<TModel>(this TModel legacy)
        where TModel : nn.Module, ITrainStep => Views.GetValue(legacy, static model => new LegacyModelAdapter(model));

    /// <summary>Gives back the model whose view an adapter is.</summary>
    /// <param name="adapter">The view.</param>
    /// <returns>The legacy model.</returns>
    public static nn.Module AsLegacy(this LegacyModelAdapter adapter)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        return adapter.LegacyModel;
    }
}
